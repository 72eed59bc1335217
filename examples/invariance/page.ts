import { chartFigure } from "../report/chartFigure.js";
import { figure } from "../report/figure.js";
import { html, type Html } from "../report/html.js";
import { page } from "../report/page.js";
import { table } from "../report/table.js";
import { largestGap, type Findings } from "./run.js";
import { LONGEST, RATES } from "./trajectories.js";

export async function renderInvariance(findings: Findings): Promise<string> {
  const { divergence, invariance, options } = findings;
  return page({
    title: "Steps in the space of predictions",
    summary:
      "The natural gradient measures a step by what it changes in the predictions, not by how far it goes in the parameters. Two experiments: how well ½δᵀFδ measures that change, and that the steps which follow from it are the same however the network is parameterised.",
    body: [
      html`<h2>½δᵀFδ is the divergence of a small step</h2>
        <p>
          The tanh network ${divergence.widths.join("-")} with a softmax, at ${options.cases.toLocaleString("en")}
          digits of 8 × 8 pixels, after ${divergence.training.iterations} iterations of batch K-FAC (loss
          ${figure(divergence.training.loss)}). From there a step δ = tD along each direction of descent: −∇h, −(F +
          λI)⁻¹∇h with the exact F, and K-FAC’s −F̆⁻¹∇h, with λ = ${options.lambda} and γ = √λ. Each D is scaled so that
          DᵀFD = 1: steps of one t are steps of one predicted divergence.
        </p>`,
      await divergenceChart(findings),
      await decreaseChart(findings),
      divergenceTable(findings),
      html`<h2>The same steps under other parameters</h2>
        <p>
          The network ${invariance.widths.join("-")} of sigmoid units learns the outputs of another of its kind (squared
          error, all ${options.cases.toLocaleString("en")} cases every iteration), described in five ways that are the
          same function at the start (§10): with sigmoid or with tanh units, and with its inputs as they are, stretched
          and moved, or whitened. Natural gradient and K-FAC are undamped (λ = γ = η = 0) with exact expectations over
          y; the natural gradient steps ${RATES.natural} of the way, and K-FAC’s steps are limited to δᵀFδ ≤ ${LONGEST}.
          SGD has the learning rate ${RATES.sgd} under every description. Where an optimizer does not depend on the
          parameters, its five curves are one.
        </p>`,
      ...(await Promise.all(invariance.methods.map(trajectoryChart))),
      await gapChart(findings),
      gapTable(findings),
    ],
  });
}

function divergenceChart({ divergence: { directions } }: Findings): Promise<Html> {
  const [{ steps }] = directions;
  return chartFigure(
    [
      { name: "½t²", style: "line", points: steps.map(({ t, quadratic }) => ({ x: t, y: quadratic })) },
      ...directions.map(({ direction, steps: taken }) => ({
        name: direction,
        style: "marked" as const,
        points: taken.map(({ t, kl }) => ({ x: t, y: kl })),
      })),
    ],
    {
      x: "t, the length of the step in the metric of F",
      y: "KL(P(θ) ‖ P(θ + δ))",
      logX: true,
      caption: `The divergence of a step against its length. Slope at the left end, where the quadratic has 2: ${directions.map(({ direction, slope }) => `${figure(slope)} (${direction})`).join(", ")}.`,
    },
  );
}

function decreaseChart({ divergence: { directions } }: Findings): Promise<Html> {
  return chartFigure(
    directions.map(({ direction, steps }) => ({
      name: direction,
      style: "marked" as const,
      points: steps
        .filter(({ kl, decrease }) => kl > 0 && decrease > 0)
        .map(({ kl, decrease }) => ({ x: kl, y: decrease })),
    })),
    {
      x: "KL(P(θ) ‖ P(θ + δ))",
      y: "decrease of the loss",
      logX: true,
      caption:
        "What a step gains at equal divergence. Steps that raise the loss are left out. To first order, no direction gains more than the natural gradient.",
    },
  );
}

function divergenceTable({ divergence: { directions } }: Findings): Html {
  const shown = directions[0].steps.map((_, i) => i).filter((i) => i % 3 === 0);
  return table({
    caption: "KL over ½δᵀFδ by the length t of the step, and the decrease of the loss in brackets.",
    head: ["direction", ...shown.map((i) => `t = ${Number(directions[0].steps[i].t.toPrecision(3))}`)],
    rows: directions.map(({ direction, steps }) => [
      direction,
      ...shown.map((i) => {
        const { kl, quadratic, decrease } = steps[i];
        return `${(kl / quadratic).toFixed(4)} (${figure(decrease)})`;
      }),
    ]),
    numbers: true,
  });
}

function trajectoryChart({ method, trajectories }: Findings["invariance"]["methods"][number]): Promise<Html> {
  return chartFigure(
    trajectories.map(({ parameters, losses }) => ({
      name: parameters,
      style: "line" as const,
      points: losses.map((y, x) => ({ x, y })),
    })),
    {
      x: "iteration",
      y: "training loss",
      caption: `${method}: largest relative gap between the outputs under two descriptions ${figure(largestGap(trajectories))}.`,
    },
  );
}

function gapChart({ invariance: { methods } }: Findings): Promise<Html> {
  return chartFigure(
    methods.map(({ method, trajectories }) => ({
      name: method,
      style: "line" as const,
      points: trajectories[0].gaps
        .map((_, k) => ({ x: k, y: Math.max(...trajectories.map(({ gaps }) => gaps[k])) }))
        .filter(({ y }) => y > 0),
    })),
    {
      x: "iteration",
      y: "‖f† − f‖ / ‖f‖",
      caption:
        "The gap by iteration: f are the outputs of all cases under the first description, f† those under the one that is then farthest. Rounding in float64 grows with the condition of F.",
    },
  );
}

function gapTable({ invariance: { methods } }: Findings): Html {
  const [{ trajectories: first }] = methods;
  return table({
    caption: "The largest gap to the first description over all iterations.",
    head: ["optimizer", ...first.slice(1).map(({ parameters }) => parameters)],
    rows: methods.map(({ method, trajectories }) => [
      method,
      ...trajectories.slice(1).map(({ gaps }) => figure(Math.max(...gaps))),
    ]),
    numbers: true,
  });
}

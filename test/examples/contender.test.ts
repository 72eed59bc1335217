import { blockDiagonal, blockTridiagonal } from "kronfac";
import { kfacContenders, nameOf } from "../../examples/contender.js";

const strategies = { "block-diagonal": blockDiagonal, "block-tridiagonal": blockTridiagonal };

test("K-FAC is called by its inverse only where there are several", () => {
  const names = (inverses: ("block-diagonal" | "block-tridiagonal")[], withoutMomentum: boolean) =>
    kfacContenders({}, strategies, { inverses, withoutMomentum }).map(({ name }) => name);
  expect(names(["block-tridiagonal"], false)).toEqual(["kfac"]);
  expect(names(["block-tridiagonal"], true)).toEqual(["kfac", "kfac-no-momentum"]);
  expect(names(["block-diagonal", "block-tridiagonal"], false)).toEqual([
    "kfac-block-diagonal",
    "kfac-block-tridiagonal",
  ]);
});

test("each has its inverse, and the options of all", () => {
  const [contender] = kfacContenders({ lambda: 3 }, strategies, {
    inverses: ["block-tridiagonal"],
    withoutMomentum: false,
  });
  expect(contender.kfac).toEqual({ lambda: 3, inverse: blockTridiagonal });
});

test.each([
  ["kfac", "K-FAC"],
  ["kfac-block-diagonal", "K-FAC, block-diagonal"],
  ["kfac-no-momentum", "K-FAC, no momentum"],
  ["kfac-block-tridiagonal-no-momentum", "K-FAC, block-tridiagonal, no momentum"],
  ["adam", "Adam"],
  ["natural", "natural gradient"],
  ["another", "another"],
])("%s is called %s in the report", (name, shown) => {
  expect(nameOf(name)).toBe(shown);
});

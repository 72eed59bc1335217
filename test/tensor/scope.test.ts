import { read, tensor, zeros } from "../../src/tensor/create.js";
import { binary } from "../../src/tensor/elementwise.js";
import { matmul } from "../../src/tensor/products.js";
import { sum } from "../../src/tensor/reduction.js";
import { disposeAll, holding, keep, Lifetime, scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { countingBackend } from "../support/countingBackend.js";

let backend = countingBackend();
beforeEach(() => {
  backend = countingBackend();
});
const make = (value = 0) => tensor([value, value], { backend, dtype: "float64" });
const mul = (a: Tensor, b: Tensor | number) => binary("mul", a, b);

describe("scope", () => {
  test("what is returned survives; everything else that was made is freed", async () => {
    const outside = make(1);
    const kept = scope(() => {
      const x = mul(outside, 2);
      const y = mul(x, 3);
      mul(y, 4);
      return y;
    });
    expect([...(await read(kept))]).toEqual([6, 6]);
    expect(outside.disposed).toBe(false);
    expect(backend.live).toBe(2);
  });

  test("tensors are found in arrays, objects, sets and maps of any depth, and in what lists them", () => {
    const results = [
      () => [make(), [make()]],
      () => ({ a: make(), b: { c: [make()] } }),
      () => new Set([make(), make()]),
      () => new Map([["a", make()], ["b", make()]]), // prettier-ignore
      () => holding(() => 0, [make(), { b: make() }]),
    ];
    for (const result of results) {
      backend = countingBackend();
      const value = scope(() => {
        make();
        return result();
      });
      expect(backend.live).toBe(2);
      disposeAll(value);
      expect(backend.live).toBe(0);
    }
  });

  test("a result that holds itself, and one with very many numbers, are no trouble", () => {
    const circular: unknown[] = [];
    scope(() => circular.push(make(), circular));
    const kept = scope(() => {
      circular[0] = make();
      return circular;
    });
    expect((kept[0] as Tensor).disposed).toBe(false);
    expect(scope(() => new Array<number>(300_000).fill(1))).toHaveLength(300_000);
  });

  test("what an inner scope returns belongs to the outer one", () => {
    const kept = scope(() => {
      const [a, b] = scope(() => [make(), make(), make()].slice(1));
      expect(backend.live).toBe(2);
      expect(b.disposed).toBe(false);
      return a;
    });
    expect([backend.live, kept.disposed]).toEqual([1, false]);
  });

  test("a tensor made outside survives a scope that returns it, or uses it", () => {
    const x = make();
    scope(() => {
      scope(() => x);
    });
    expect([backend.live, x.disposed]).toEqual([1, false]);
  });

  test("without a scope nothing is freed", () => {
    make();
    mul(make(), 2);
    expect(backend.live).toBe(3);
  });

  test("an exception frees everything, and passes", () => {
    const inner = () =>
      scope(() => {
        make();
        scope(() => {
          make();
          throw new Error("on purpose");
        });
      });
    expect(inner).toThrow(new Error("on purpose"));
    expect(backend.live).toBe(0);
    make();
    expect(backend.live).toBe(1);
  });

  test("an exception that the function catches frees the inner scope alone", () => {
    const kept = scope(() => {
      const x = make();
      expect(() =>
        scope(() => {
          make();
          throw new Error("on purpose");
        }),
      ).toThrow();
      return x;
    });
    expect([backend.live, kept.disposed]).toEqual([1, false]);
  });

  test("a promise is refused with the remedy, its tensors are freed, and its own failure stays quiet", async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const asynchronous = async () => {
        const x = make();
        await Promise.resolve();
        return read(x);
      };
      expect(() => scope(asynchronous)).toThrow(
        new TypeError("scope: the function returned a promise; make scopes inside the asynchronous function instead"),
      );
      expect(backend.live).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  test("disposing of a tensor inside its scope is harmless", () => {
    scope(() => {
      using x = make();
      x.dispose();
    });
    expect(backend.live).toBe(0);
  });
});

describe("keep", () => {
  test("takes tensors out of their scope and all scopes around it", () => {
    let kept: Tensor[] = [];
    scope(() => {
      scope(() => {
        kept = keep([make(), make()]);
        make();
      });
    });
    expect(backend.live).toBe(2);
    disposeAll(kept);
    expect(backend.live).toBe(0);
  });

  test("takes a tensor out of the scope that an inner one passed it to", () => {
    const held: Tensor[] = [];
    scope(() => {
      const x = scope(() => make());
      held.push(keep(x));
    });
    expect(held[0].disposed).toBe(false);
  });

  test("keeps a tensor that was kept already, returned, or belongs to no scope", () => {
    const x = keep(make());
    const y = scope(() => keep(keep(make())));
    expect([x.disposed, y.disposed, backend.live]).toEqual([false, false, 2]);
  });

  test("a kept tensor survives an exception", () => {
    const held: Tensor[] = [];
    expect(() =>
      scope(() => {
        held.push(keep(make()));
        make();
        throw new Error("on purpose");
      }),
    ).toThrow("on purpose");
    expect([backend.live, held[0].disposed]).toEqual([1, false]);
  });
});

describe("Lifetime", () => {
  test("results of its parts live until it ends, and what they do not return is freed at once", async () => {
    {
      using lifetime = new Lifetime();
      const x = lifetime.run(() => {
        make();
        return make(2);
      });
      expect(backend.live).toBe(1);
      await Promise.resolve();
      const y = lifetime.run(() => mul(x, mul(x, 3)));
      expect([...(await read(y))]).toEqual([12, 12]);
      expect(backend.live).toBe(2);
    }
    expect(backend.live).toBe(0);
  });

  test("a part that fails frees its own tensors alone", () => {
    const lifetime = new Lifetime();
    const x = lifetime.run(() => make());
    expect(() =>
      lifetime.run(() => {
        make();
        throw new Error("on purpose");
      }),
    ).toThrow("on purpose");
    expect([x.disposed, backend.live]).toEqual([false, 1]);
    lifetime[Symbol.dispose]();
    expect(backend.live).toBe(0);
  });

  test("what is kept outlives it; ending it twice is harmless", () => {
    const lifetime = new Lifetime();
    const x = keep(lifetime.run(() => make()));
    lifetime[Symbol.dispose]();
    lifetime[Symbol.dispose]();
    expect(x.disposed).toBe(false);
  });

  test("what it passes on from an inner scope belongs to it, not to a scope around it", () => {
    const lifetime = new Lifetime();
    const x = scope(() => {
      const made = lifetime.run(() => scope(() => make()));
      return [made].length === 1 ? undefined : made;
    });
    expect(x).toBeUndefined();
    expect(backend.live).toBe(1);
    lifetime[Symbol.dispose]();
    expect(backend.live).toBe(0);
  });

  test("a part that returns a promise is refused", () => {
    expect(() => new Lifetime().run(() => Promise.resolve(1))).toThrow(TypeError);
  });
});

describe("disposeAll", () => {
  test("frees what a function holds, once", () => {
    const apply = scope(() => {
      const factor = make(3);
      make();
      return holding((x: Tensor) => mul(x, factor), factor);
    });
    expect(backend.live).toBe(1);
    apply[Symbol.dispose]();
    apply[Symbol.dispose]();
    disposeAll(apply);
    expect(backend.live).toBe(0);
  });

  test("what holds no tensors is left alone", () => {
    disposeAll([1, "two", null, undefined, { three: Symbol("3") }, new Float32Array(3)]);
    expect(backend.live).toBe(0);
  });
});

test("every operation gives out its own storage, and a scope takes all of it back", () => {
  scope(() => {
    const x = zeros([2, 2], { backend });
    const before = backend.made;
    sum(mul(matmul(x, x), 2), 0);
    expect(backend.made).toBe(before + 3);
  });
  expect(backend.live).toBe(0);
});

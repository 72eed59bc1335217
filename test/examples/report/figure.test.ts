import { figure } from "../../../examples/report/figure.js";

test.each([
  [540, "540.0"],
  [67.2, "67.20"],
  [12345.6, "12346"],
  [0.301234, "0.3012"],
  [-0.5, "-0.5000"],
  [0.001, "0.001000"],
  [0.00001, "1.00e-5"],
  [1.5e9, "1.50e+9"],
  [0, "0"],
  [NaN, "NaN"],
  [Infinity, "Infinity"],
])("%d is written as %s", (value, text) => {
  expect(figure(value)).toBe(text);
});

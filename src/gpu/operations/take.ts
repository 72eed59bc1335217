import type { Program } from "../program.js";

/** out[i] = a[indices[i]] */
export const take: Program = {
  name: "take",
  rank: 1,
  parameters: { a: "array", indices: "array" },
  body: "return a[Math.round(indices[this.thread.x])];",
};

import { losses } from "../training.js";

export async function answer(threads: number): Promise<void> {
  postMessage(await losses(threads));
}

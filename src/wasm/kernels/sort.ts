/** order (i32) = low … high − 1 by ascending d[index] (f64), by Shell's method. */
export function sortByValue(low: i32, high: i32, d: usize, order: usize): void {
  const n = high - low;
  for (let i = 0; i < n; i++) store<i32>(order + i * 4, low + i);
  let gap = 1;
  while (gap < n / 3) gap = 3 * gap + 1;
  for (; gap > 0; gap /= 3) {
    for (let i = gap; i < n; i++) {
      const moving = load<i32>(order + i * 4);
      const key = load<f64>(d + moving * 8);
      let j = i;
      for (; j >= gap; j -= gap) {
        const other = load<i32>(order + (j - gap) * 4);
        if (load<f64>(d + other * 8) <= key) break;
        store<i32>(order + j * 4, other);
      }
      store<i32>(order + j * 4, moving);
    }
  }
}

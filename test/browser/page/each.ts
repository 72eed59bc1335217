type Define = (title: string, body: () => unknown, timeout?: number) => void;

/** jest's `each` for `test` and `describe`: one for every row of a table, its title filled in from the row. */
export function each(define: Define) {
  return (table: readonly unknown[]) =>
    (title: string, body: (...row: readonly unknown[]) => unknown, timeout?: number): void => {
      for (const [index, entry] of table.entries()) {
        const row: readonly unknown[] = Array.isArray(entry) ? entry : [entry];
        define(fill(title, row, index), () => body(...row), timeout);
      }
    };
}

/** %s, %i and their like stand for the row's elements in turn, $a.b for a member of its first one, %# and $# for its number. */
function fill(title: string, row: readonly unknown[], index: number): string {
  let next = 0;
  return title.replace(/[%$]#|%([a-zA-Z])|%%|\$([\w.]+)/g, (found, letter?: string, path?: string) => {
    if (found.endsWith("#")) return String(index);
    if (letter !== undefined) return show(row[next++]);
    if (path !== undefined) return show(path.split(".").reduce(member, row[0]));
    return "%";
  });
}

function member(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[name];
}

function show(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : `${value as string | number}`;
}

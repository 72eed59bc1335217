interface BuiltinModules {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/** A built-in module of Node, looked up at run time so that bundlers for the browser see no import; undefined elsewhere. */
export function nodeModule(name: string): unknown {
  return (globalThis as BuiltinModules).process?.getBuiltinModule?.(name);
}

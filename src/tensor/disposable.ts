// `using`, compiled to ES2022, looks Symbol.dispose up when it runs; some browsers do not have it yet.
const symbols = Symbol as { dispose?: symbol };
if (symbols.dispose === undefined) Object.defineProperty(Symbol, "dispose", { value: Symbol("Symbol.dispose") });

export {};

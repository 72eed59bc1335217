import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Which folders of src/ a folder may import from. Imports point one way, from the bottom of this table to its top. */
const imports = {
  tensor: [],
  wasm: ["tensor"],
  gpu: ["tensor", "wasm"],
  autodiff: ["tensor"],
  network: ["tensor", "autodiff"],
  kfac: ["tensor", "autodiff", "network"],
  formats: ["tensor"],
  checkpoint: ["tensor", "network", "kfac", "formats"],
  node: ["tensor", "network", "kfac", "formats", "checkpoint"],
};

/** The folder's own files, and what they may not import, as `no-restricted-imports` wants it. */
const restrict = (files, ...patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [...patterns, nothingInstalled(files)] }] },
});

const nothingInstalled = ([files]) => ({
  regex: files.startsWith("src/node/") ? "^(?!\\.|node:)" : "^[^.]",
  message:
    "src/ has no runtime dependencies: import relative files only (and Node's own in src/node), and load an optional peer with import().",
});

/** A file `depth` folders below src/ leaves its own folder by `depth` steps up, so what follows them is a folder's name. */
const leaving = (folder, depth) => ({
  regex: `^(?:\\./)?(?:\\.\\./){${depth}}${imports[folder].length > 0 ? `(?!(?:${imports[folder].join("|")})/)` : ""}`,
  message: `src/${folder} imports ${imports[folder].join(", ") || "no other folder"}; see the table in eslint.config.js.`,
});

const directions = Object.keys(imports).flatMap((folder) =>
  [1, 2, 3].map((depth) => restrict([`src/${folder}/${"*/".repeat(depth - 1)}*.ts`], leaving(folder, depth))),
);

export default defineConfig(
  {
    ignores: ["dist", "coverage", "docs/api", "output", "src/wasm/kernels", "src/wasm/generated", "bench/peers"],
  },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreUsingDeclarations: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      eqeqeq: "error",
      "no-eval": "error",
      "no-new-func": "error",
    },
  },
  ...directions,
  restrict(["src/tensor/linalg/*.ts"], {
    regex: "^\\.\\./(?!(?:dtype|errors)\\.js$)",
    message: "src/tensor/linalg is plain functions on typed arrays: it imports ../dtype.js and ../errors.js only.",
  }),
  restrict(["src/index.ts"], {
    regex: "^\\./gpu/",
    message: 'The package loads no gpu.js: that backend is published as "kronfac/gpu".',
  }),
  {
    files: ["**/*.js", "**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { Buffer: "readonly", console: "readonly", process: "readonly", URL: "readonly" } },
  },
);

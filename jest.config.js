/** Tests run as native ES modules; ts-jest only transpiles, so `npm test` type-checks first. */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: {
    "^kronfac$": "<rootDir>/src/index.ts",
    "^kronfac/gpu$": "<rootDir>/src/gpu/index.ts",
    "^kronfac/node$": "<rootDir>/src/node/index.ts",
    "^kronfac/linalg$": "<rootDir>/src/tensor/linalg/index.ts",
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
  transform: { "^.+\\.ts$": ["ts-jest", { useESM: true, diagnostics: false }] },
  coverageProvider: "v8",
  testTimeout: 60_000,
};

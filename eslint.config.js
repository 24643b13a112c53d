// The rules of the scripts of the page, of the opinion test and of the laboratory, and of their tests.

import js from "@eslint/js";

const names = (kind, list) => Object.fromEntries(list.split(" ").map((name) => [name, kind]));
const BROWSER = "document matchMedia location history getComputedStyle devicePixelRatio addEventListener setTimeout clearTimeout "
  + "setInterval ResizeObserver Option URLSearchParams performance Plotly "
  + "URL Blob TextEncoder window";
const rules = {
  ...js.configs.recommended.rules,
  "prefer-const": "error", "no-var": "error", eqeqeq: "error", "no-shadow": ["error", { builtinGlobals: false }],
  "no-use-before-define": ["error", { functions: false, variables: false }], "no-implicit-globals": "error",
  "max-lines": ["error", 300], complexity: ["error", 16], "max-len": ["error", 180],
  "no-restricted-globals": ["error", "event", "name", "status", "top", "parent", "self"],
};

export default [
  {
    files: ["scripts/study/page/static/*.js", "scripts/study/opinions/static/*.js"],
    languageOptions: {
      ecmaVersion: 2022, sourceType: "module",
      globals: names("readonly", BROWSER),
    },
    rules,
  },
  {
    files: ["tools/lab/static/*.js"],
    languageOptions: {
      ecmaVersion: 2022, sourceType: "module",
      globals: names("readonly", "document addEventListener navigator performance fetch ImageData OffscreenCanvas createImageBitmap atob Blob Option"),
    },
    rules,
  },
  {
    files: ["tests/page/*.js", "tests/opinions/*.js", "tests/tools/*.js", "eslint.config.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: names("readonly", "URL URLSearchParams setImmediate") },
    rules: { ...rules, "max-len": ["error", 200] },
  },
];

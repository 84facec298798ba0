// The rules of the web app. Screens do not import each other: what two of them need lives in `shared` or `api`.
import { readdirSync } from "node:fs";
import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import ts from "typescript-eslint";

const screens = readdirSync(new URL("./src/features", import.meta.url));
const forbid = (group, message) => ({ "no-restricted-imports": ["error", { patterns: [{ group, message }] }] });

export default ts.config(
  { ignores: ["dist", "src/api/schema.d.ts"] },
  js.configs.recommended,
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    files: ["src/**/*.{ts,tsx}"],
    extends: [...ts.configs.strictTypeChecked, jsxA11y.flatConfigs.strict, hooks.configs.flat["recommended-latest"]],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "max-lines": ["error", { max: 260, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
    },
  },
  ...screens.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: forbid(
      ["@/app/*", ...screens.filter((other) => other !== name).map((other) => `@/features/${other}/*`), "../../*"],
      "A screen imports from @/api, @/shared and itself only.",
    ),
  })),
  {
    files: ["src/shared/**", "src/api/**"],
    rules: forbid(["@/features/*", "@/app/*"], "Shared parts know no screen."),
  },
);

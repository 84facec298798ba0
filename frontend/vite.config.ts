// The build, and the development server that hands /api on to the service.
//
// Every text file is compressed here, once and well, so that the service only has to pick a file.
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";

// What the first screen needs, and what every screen of somebody who is signed in needs: one file each. Left alone the bundler cuts a file for
// each set of screens that share something, and on a slow processor every file costs some ten milliseconds before anything is seen.
const BASE =
  /node_modules\/(?:react|react-dom|scheduler|react-router|@tanstack\/(?:query-core|react-query))\/(?!.*(?:nfinite|ueries|optionsPaged))|src\/api\/(?:carry|contract|problem|reachable|session)\.ts|src\/shared\/ui\/(?:icons|states)|vite\/preload-helper/;
const OWN =
  /node_modules\/openapi-fetch\/|src\/api\/(?:client|live|notifications|portfolio|queries|risk|sse|twin)\.ts|src\/shared\/(?:format|course|movements|theme)\.ts|src\/shared\/ui\/(?:CopyButton|Field|Money)|src\/shared\/booking\/TransactionRow|src\/shared\/charts\/(?:ChartFrame|later)/;

const COMPRESSED = /\.(?:js|css|html|svg|json|webmanifest)$/;

function filesOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesOf(path) : [path];
  });
}

function compressed(): Plugin {
  return {
    name: "fintwin-compressed",
    apply: "build",
    writeBundle({ dir }) {
      for (const path of filesOf(dir ?? "dist").filter((name) => COMPRESSED.test(name))) {
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
      }
      // The service reads a build when the page is new, and by now all of it is there.
      utimesSync(join(dir ?? "dist", "index.html"), new Date(), new Date());
    },
  };
}

/**
 * Tells the page which files the screens of somebody who is signed in come in, for theme.js to ask for at once, and has the letters of the
 * first picture fetched with it: else the browser finds out about each only when what names it has run.
 */
function ahead(): Plugin {
  return {
    name: "fintwin-ahead",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const files = new Set<string>();
        const add = (name: string) => {
          const chunk = bundle[name];
          if (chunk?.type !== "chunk" || files.has(name) || html.includes(name)) return;
          files.add(name);
          for (const style of chunk.viteMetadata?.importedCss ?? []) if (!html.includes(style)) files.add(style);
          chunk.imports.forEach(add);
        };
        const all = Object.values(bundle);
        const screens = all.find((one) => one.type === "chunk" && one.facadeModuleId?.endsWith("/app/SignedIn.tsx"));
        const letters = all.find((one) => /geist-base.*\.woff2$/.test(one.fileName));
        if (screens === undefined || letters === undefined)
          throw new Error("the build has no signed-in screens or no font");
        add(screens.fileName);
        const names = [...files].map((name) => `/${name}`).join(" ");
        return {
          html: html.replace('<script src="/theme.js"', `<script src="/theme.js" data-ahead="${names}"`),
          tags: [
            {
              tag: "link",
              attrs: {
                rel: "preload",
                as: "font",
                type: "font/woff2",
                crossorigin: true,
                href: `/${letters.fileName}`,
              },
              injectTo: "head",
            },
          ],
        };
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), ahead(), compressed()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  server: {
    port: 3000,
    strictPort: true,
    proxy: { "/api": { target: `http://localhost:${process.env["PORT"] ?? "8000"}`, changeOrigin: true } },
  },
  build: {
    target: "es2022",
    // A strict content security policy takes no data: address, and small files cost nothing over one connection.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "base", test: BASE },
            { name: "own", test: OWN },
          ],
        },
      },
    },
    reportCompressedSize: false,
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});

// The build, and the development server that hands /api on to the service.
//
// Every text file is compressed here, once and well, so that the service only has to pick a file.
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";

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

export default defineConfig({
  plugins: [react(), compressed()],
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
    reportCompressedSize: false,
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});

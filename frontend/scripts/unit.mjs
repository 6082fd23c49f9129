// Bundles the unit tests with Vite and runs them with node --test, because Node 20 cannot strip types itself.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const tests = readdirSync(join(root, 'src'), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(root, 'src', file));

const outDir = mkdtempSync(join(tmpdir(), 'chipin-unit-'));
try {
  await build({
    root,
    logLevel: 'warn',
    publicDir: false,
    // The bundle runs in a temporary folder without node_modules.
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: { input: tests, output: { entryFileNames: '[name].mjs' } },
    },
  });
  const bundled = readdirSync(outDir)
    .filter((file) => file.endsWith('.test.mjs'))
    .map((file) => join(outDir, file));
  const { status } = spawnSync(process.execPath, ['--test', ...bundled], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(outDir, { recursive: true, force: true });
}

// Fails if the committed dist does not match the sources. The gateway embeds dist, so a machine without Node
// serves exactly these files.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const committed = join(root, 'dist');

function filesOf(folder) {
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names.filter((name) => statSync(join(folder, name)).isFile()).sort();
}

const fresh = mkdtempSync(join(tmpdir(), 'chipin-dist-'));
try {
  await build({ root, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
  const names = [...new Set([...filesOf(committed), ...filesOf(fresh)])].sort();
  const different = names.filter((name) => {
    try {
      return !readFileSync(join(committed, name)).equals(readFileSync(join(fresh, name)));
    } catch {
      return true;
    }
  });
  if (different.length > 0) {
    console.error(`frontend/dist is not what the sources build. Different: ${different.join(', ')}`);
    console.error('Fix: cd frontend && npm ci && npm run build, then commit frontend/dist.');
    process.exitCode = 1;
  } else {
    console.log(`frontend/dist is what the sources build (${names.length} files).`);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

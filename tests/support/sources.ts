/** The sources as the tests of the house read them, without the probes that one of these tests lays among them for a moment. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
/** Where probes are laid. */
export const PROBES = 'lint-probe';

/** Paths below `src/`. */
export const sourceFiles = (): readonly string[] =>
  readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes(PROBES),
  );

/** `npm run check`: types, lint and format, and the rules of the house (floors, sizes, ambient calls, docs in step). */
import { run } from './run.ts';

run('types', 'tsc', ['-p', '.']);
run('lint and format', 'biome', ['check', '--error-on-warnings', '.']);
run('rules of the house', 'vitest', ['run', '--project', 'unit', 'tests/unit/house']);
process.stdout.write('\nall checks passed\n');

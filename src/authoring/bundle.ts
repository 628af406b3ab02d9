/**
 * A skill's sources, TypeScript or JavaScript with what they import, as one ES module without imports, by esbuild. The same sources
 * give the same bytes in whatever folder they are. What cannot be had inside the wall is refused with file and line.
 */
import { isBuiltin } from 'node:module';
import { relative } from 'node:path';
import type { BuildFailure, Message, Metafile, Plugin } from 'esbuild';
import { failure, LIMITS, type Result, reasonOf, success } from '../contracts/index.ts';

export interface Bundle {
  readonly source: string;
  /** Files that are in it, relative to the folder of the skill. */
  readonly inputs: readonly string[];
  /** What esbuild warns of, as `file:line:column: text`. */
  readonly notes: readonly string[];
}

const FAULTS_SHOWN = 10;

/** Failure: SKILL_BUILD_FAILED. */
export async function bundleSkill(
  folder: string,
  entry: string,
  exportNames: readonly string[],
): Promise<Result<Bundle>> {
  const file = relative(folder, entry);
  const fault = (reason: string) => failure('SKILL_BUILD_FAILED', { file, reason });
  try {
    const { build } = await import('esbuild');
    const built = await build({
      absWorkingDir: folder,
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import', 'default'],
      target: 'es2024',
      charset: 'utf8',
      logLevel: 'silent',
      // A tsconfig beside the skill is for its editor.
      tsconfigRaw: {},
      define: { 'process.env.NODE_ENV': '"production"' },
      plugins: [insideTheWall],
    });
    const [output] = built.outputFiles;
    if (!output) return fault('esbuild gave nothing');
    const sizeBytes = output.contents.byteLength;
    if (sizeBytes > LIMITS.skillSourceBytes)
      return fault(`the module has ${sizeBytes} bytes; ${LIMITS.skillSourceBytes} are the most`);
    const unfit = unfitOutput(built.metafile, exportNames);
    if (unfit !== undefined) return fault(unfit);
    const inputs = Object.keys(built.metafile.inputs).filter((path) => !path.includes(':'));
    return success({
      source: output.text,
      inputs: inputs.sort(),
      notes: built.warnings.map(textOf),
    });
  } catch (thrown) {
    const { errors } = thrown as Partial<BuildFailure>;
    return errors?.[0] ? failedBuild(errors) : fault(reasonOf(thrown));
  }
}

/** Ends esbuild's process. The next build starts another. */
export async function endBundler(): Promise<void> {
  const { stop } = await import('esbuild');
  await stop();
}

const TYPES_ALONE = 'skein-types';

const insideTheWall: Plugin = {
  name: 'inside-the-wall',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /.*/ }, ({ path }) => {
      if (path === 'skein/skill') return { path, namespace: TYPES_ALONE };
      if (isBuiltin(path)) {
        const text = `${path} is a module of Node, and there is none inside the wall; what a skill may do is in ctx`;
        return { errors: [{ text }] };
      }
      if (path === 'skein' || path.startsWith('skein/'))
        return { errors: [{ text: `${path} is for nodes and tests, not for skills` }] };
      return undefined;
    });
    onLoad({ filter: /.*/, namespace: TYPES_ALONE }, () => ({ contents: '' }));
  },
};

function unfitOutput({ outputs }: Metafile, names: readonly string[]): string | undefined {
  for (const { exports, imports } of Object.values(outputs)) {
    const left = imports.find(({ external }) => external);
    if (left) return `it imports ${left.path}, which could not be bundled`;
    const missing = names.find((name) => !exports.includes(name));
    if (missing === 'default') return 'it has no default export: the function of the skill';
    if (missing) return `it has no export \`${missing}\`, which skill.json declares`;
  }
  return undefined;
}

function failedBuild(errors: readonly Message[]): Result<never> {
  const [first, ...others] = errors;
  const { file = '', line, column = 0 } = first?.location ?? {};
  return failure('SKILL_BUILD_FAILED', {
    file,
    ...(line === undefined ? {} : { line, column: column + 1 }),
    reason: first?.text ?? '',
    ...(others.length === 0 ? {} : { more: others.slice(0, FAULTS_SHOWN - 1).map(textOf) }),
  });
}

const textOf = ({ location, text }: Message): string =>
  location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;

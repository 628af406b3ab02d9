/**
 * The JavaScript of a TypeScript module. Node's parser is WebAssembly with one small stack, and a text that is nested too deep for it
 * leaves it broken for every text after it. So what an author wrote is parsed on a thread of its own, which ends with it.
 */
import { stripTypeScriptTypes } from 'node:module';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';
import { taskPool } from '../host/index.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const TASK = new URL(`./strip-types-task${extension}`, import.meta.url).href;

export type StripTypes = (file: string, text: string) => Promise<Result<string>>;

const refused = (file: string, thrown: unknown) =>
  failure('SKILL_REFUSED', { skill: file, reason: reasonOf(thrown).slice(0, 500) });

/** Failure: SKILL_REFUSED. */
export const stripTypes: StripTypes = async (file, text) => {
  const pool = taskPool<string, string>(TASK, 1);
  try {
    return success(await pool.run(text));
  } catch (thrown) {
    return refused(file, thrown);
  } finally {
    void pool.close();
  }
};

/** Of a module that comes with Skein: on this thread. */
export const stripOwnTypes: StripTypes = async (file, text) => {
  try {
    return success(stripTypeScriptTypes(text));
  } catch (thrown) {
    return refused(file, thrown);
  }
};

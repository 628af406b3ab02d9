/** Reads the operator's policy file. */
import { stat } from 'node:fs/promises';
import { failure, type Result, reasonOf, success } from '../../contracts/index.ts';
import {
  type CheckedPolicies,
  checkPolicies,
  ownPolicies,
  type PolicySource,
  policySource,
} from '../../sandbox/index.ts';
import { readBounded } from '../../skills/index.ts';

/** The name of the file in a data directory. */
export const POLICY_FILE = 'policy.cedar';
const BYTES_MAX = 256 * 1024;

/** A policy of this kind goes by its ending; any other file is a ceiling. */
export const isPolicyFile = (file: string): boolean => file.endsWith('.cedar');

/** Every problem of the file, or none. Failures: FILE_UNREADABLE; POLICY_INVALID without an engine that can say. */
export async function checkPolicyFile(file: string): Promise<Result<CheckedPolicies>> {
  const text = await readBounded(file, BYTES_MAX);
  if (!text.ok) return text;
  try {
    return success(checkPolicies(text.value, file));
  } catch (thrown) {
    const reason = `the engine cannot read it: ${reasonOf(thrown)}`;
    return failure('POLICY_INVALID', { file, line: 1, column: 1, reason });
  }
}

/** With the node's own permits for running and logging. Failures: FILE_UNREADABLE, POLICY_INVALID with the place of the first error. */
export async function readPolicyFile(file: string): Promise<Result<PolicySource>> {
  const checked = await checkPolicyFile(file);
  if (!checked.ok) return checked;
  const { source, problems } = checked.value;
  if (source)
    return success(policySource([...source.policies, ...ownPolicies({ log: true })], 'file', file));
  const error = problems.find(({ severity }) => severity === 'error');
  const { line = 1, column = 1, message = 'it cannot be read' } = error ?? {};
  return failure('POLICY_INVALID', { file, line, column, reason: message });
}

/** Changes whenever the file does; undefined while there is none. */
export async function fileStamp(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return undefined;
  }
}

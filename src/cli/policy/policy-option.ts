/** `--policy FILE`: a policy in Cedar by its ending, else a ceiling. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import { type Result, success } from '../../contracts/index.ts';
import {
  isPolicyFile,
  type NodeOptions,
  readCeiling,
  readPolicyFile,
} from '../../runtime/index.ts';

export const policyOption = (): Option =>
  new Option(
    '--policy <file>',
    'policy.cedar: decides about every run and host call; or YAML: a ceiling that no run gets past',
  ).env('SKEIN_POLICY');

/** A file that cannot be read is refused here, before a node starts and denies everything. Failures: FILE_UNREADABLE, POLICY_INVALID, CONFIG_INVALID. */
export async function policyOf(
  file: string | undefined,
): Promise<Result<Pick<NodeOptions, 'policy' | 'policyFile'>>> {
  if (file === undefined) return success({});
  if (isPolicyFile(file)) {
    const read = await readPolicyFile(resolve(file));
    return read.ok ? success({ policyFile: resolve(file) }) : read;
  }
  const ceiling = await readCeiling(file);
  return ceiling.ok ? success({ policy: ceiling.value }) : ceiling;
}

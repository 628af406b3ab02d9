/** Whether the policy that is written is the policy that decides. */
import { join } from 'node:path';
import { fileStamp, POLICY_FILE, readPolicyFile } from '../policy/policy-file.ts';
import { type Check, fail, ok } from './check.ts';

const ADVICE = '`skein policy check FILE` shows every problem of it with its line.';

export const policyCheck: Check = {
  layer: 'policy',
  needs: [],
  look: async ({ status, dataDir }) => {
    if (status) {
      const { decidedBy, problem, file, policies } = status.policy;
      if (decidedBy === 'denied') return fail(`everything is denied: ${problem}`, ADVICE);
      if (problem !== null) return fail(`the policy from before is in force: ${problem}`, ADVICE);
      return ok(decidedBy === 'file' ? `${file}, ${policies} policies` : WITHOUT_FILE);
    }
    const file = join(dataDir, POLICY_FILE);
    if ((await fileStamp(file)) === undefined) return ok(WITHOUT_FILE);
    const read = await readPolicyFile(file);
    return read.ok
      ? ok(`${file} can be read`)
      : fail(`a node would deny everything: ${read.error.message}`, ADVICE);
  },
};

const WITHOUT_FILE = 'what each run is granted decides: there is no policy file';

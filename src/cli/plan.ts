/** `skein plan`: a plan from a goal in words, made by rules from the skills at hand. */
import { stringify } from 'yaml';
import { openRegistry, planFor } from '../runtime/index.ts';
import { type GlobalOptions, printJson, reportError } from './output.ts';

export async function planCommand(goal: string, options: GlobalOptions): Promise<number> {
  const registry = await openRegistry({ dataDir: options.data });
  if (!registry.ok) return reportError(registry.error, options.json);
  const manifests = registry.value.list().map(({ manifest }) => manifest);
  const plan = planFor({ goal }, manifests);
  if (!plan.ok) return reportError(plan.error, options.json);
  if (options.json) printJson(plan.value);
  else process.stdout.write(stringify(plan.value));
  return 0;
}

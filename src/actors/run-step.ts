/** One step of a plan: its call, or for `forEach` as many as there are items, some of them at once, results in order. */
import { basename } from 'node:path';
import {
  failure,
  type Json,
  LIMITS,
  type Result,
  type SkillPackage,
  type Step,
  success,
  type TraceContext,
} from '../contracts/index.ts';
import { type FileChunk, planChunks, readChunk } from './chunks.ts';
import { resolveReferences, type Scope } from './references.ts';
import { type RunFrame, runCall } from './run-call.ts';

export interface StepRun {
  readonly step: Step;
  readonly skill: SkillPackage;
  readonly scope: Scope;
  readonly trace: TraceContext | undefined;
}

export async function runStep(run: StepRun, frame: RunFrame): Promise<Result<Json>> {
  const { step, scope } = run;
  if (!step.forEach) {
    frame.emit({ type: 'step.started', step: step.id, calls: 1 });
    return callWith(run, scope, 0, frame);
  }
  const items = await itemsOf(step, scope);
  if (!items.ok) return items;
  frame.emit({ type: 'step.started', step: step.id, calls: items.value.length });
  return fanOut(run, items.value, frame);
}

async function callWith(
  run: StepRun,
  scope: Scope,
  index: number,
  frame: RunFrame,
): Promise<Result<Json>> {
  const { step, skill, trace } = run;
  const input = resolveReferences(step.input ?? {}, scope);
  if (!input.ok) {
    const { reference, reason } = input;
    return failure('REFERENCE_UNRESOLVED', { step: step.id, reference, reason });
  }
  return runCall({ step, skill, index, input: input.value, trace }, frame);
}

/** Workers take the next item until none is left or one has failed. Items are read when their turn comes. */
async function fanOut(
  run: StepRun,
  items: readonly (Json | FileChunk)[],
  frame: RunFrame,
): Promise<Result<Json>> {
  const { step, scope } = run;
  const results: Json[] = new Array(items.length).fill(null);
  let next = 0;
  let failed: Result<Json> | undefined;
  const work = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      const item = await itemValue(items[index] as Json | FileChunk, step);
      const result = item.ok
        ? await callWith(run, { ...scope, item: item.value, index }, index, frame)
        : item;
      if (result.ok) results[index] = result.value;
      else failed ??= result;
    }
  };
  const workers = Math.min(step.forEach?.inFlight ?? LIMITS.fanOutInFlight, items.length);
  await Promise.all(Array.from({ length: workers }, work));
  return failed ?? success(results);
}

async function itemsOf(step: Step, scope: Scope): Promise<Result<readonly (Json | FileChunk)[]>> {
  const { items: template, chunkBytes } = step.forEach ?? {};
  // What a skill gave does not choose what the node reads: files are named by the plan and by whoever runs it.
  const isFiles = chunkBytes !== undefined;
  const resolved = resolveReferences(template, isFiles ? { input: scope.input, steps: {} } : scope);
  if (!resolved.ok) {
    const { reference } = resolved;
    const isOfSkill = isFiles && !reference.startsWith('input');
    const reason = isOfSkill ? 'files are named by the plan and its input alone' : resolved.reason;
    return failure('REFERENCE_UNRESOLVED', { step: step.id, reference, reason });
  }
  const list = resolved.value;
  const invalid = (found: string, expected: string) =>
    failure('INPUT_INVALID', { of: `step ${step.id}`, pointer: '/forEach/items', found, expected });
  if (!Array.isArray(list)) return invalid(typeof list, 'an array');
  const items: (Json | FileChunk)[] = chunkBytes === undefined ? list : [];
  for (const file of chunkBytes === undefined ? [] : list) {
    if (typeof file !== 'string') return invalid(JSON.stringify(file), 'the path of a file');
    const chunks = await planChunks(file, chunkBytes as number);
    if (!chunks.ok) return chunks;
    items.push(...chunks.value);
  }
  if (items.length > LIMITS.fanOut)
    return invalid(`${items.length} items`, `at most ${LIMITS.fanOut}`);
  return success(items);
}

async function itemValue(item: Json | FileChunk, step: Step): Promise<Result<Json>> {
  if (step.forEach?.chunkBytes === undefined) return success(item as Json);
  const chunk = item as FileChunk;
  const text = await readChunk(chunk);
  if (!text.ok) return text;
  return success({
    file: chunk.file,
    name: basename(chunk.file),
    chunk: chunk.chunk,
    bytes: chunk.bytes,
    text: text.value,
  });
}

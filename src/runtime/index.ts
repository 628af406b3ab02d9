/** Runs: the node that carries them out, plans, and `execute`. */
export type { ExecuteRequest } from './execute.ts';
export { type NodeStatus, type SkeinNode, startNode } from './node.ts';
export type { NodeOptions } from './node-options.ts';
export { checkPlan, readPlan } from './plan-file.ts';

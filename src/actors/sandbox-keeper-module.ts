/** Where a thread finds the sandbox keeper. */
export type { SandboxKeeperArgs, SandboxStatus, ThreadOrders } from './sandbox-keeper.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
export const SANDBOX_KEEPER = {
  url: new URL(`./sandbox-keeper${extension}`, import.meta.url).href,
};

/** The control endpoint of a node, both sides. */
export { ControlClient, type RunAnswer } from './control-client.ts';
export type { ControlServer } from './control-http.ts';
export { controlSocket, type RunLine } from './control-protocol.ts';
export { startControlServer } from './control-server.ts';
export { startGroupServer } from './group-server.ts';

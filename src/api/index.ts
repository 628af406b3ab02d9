/** The control endpoint of a node, both sides. */
export { ControlClient, type RunAnswer } from './control-client.ts';
export { controlSocket, type RunLine } from './control-protocol.ts';
export { type ControlServer, startControlServer } from './control-server.ts';

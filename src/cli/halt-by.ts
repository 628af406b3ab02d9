/** Who gives an order when nobody is named: the user and the machine. */
import { hostname, userInfo } from 'node:os';

export const userName = (): string => `${userInfo().username}@${hostname()}`.slice(0, 200);

/** The programs that a host process is started through, each used where it is installed. */
import { existsSync } from 'node:fs';

export interface LaunchTools {
  readonly setpriv?: string;
  readonly prlimit?: string;
  readonly nice?: string;
  readonly unshare?: string;
  readonly bwrap?: string;
  readonly sh?: string;
}

const TOOLS = ['setpriv', 'prlimit', 'nice', 'unshare', 'bwrap', 'sh'] as const;
const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/opt/homebrew/bin'];

export function findLaunchTools(exists: (file: string) => boolean = existsSync): LaunchTools {
  const tools: Record<string, string> = {};
  for (const name of TOOLS) {
    const file = TOOL_FOLDERS.map((folder) => `${folder}/${name}`).find(exists);
    if (file) tools[name] = file;
  }
  return tools;
}

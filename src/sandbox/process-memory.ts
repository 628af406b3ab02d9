/**
 * What the host process holds, read from the kernel. The file is opened while files may still be read; reading an open
 * descriptor goes on working once the permission is dropped. Elsewhere than on Linux only resident memory is known.
 */
import { openSync, readSync } from 'node:fs';

const PAGE_BYTES = 4_096;

export interface ProcessMemory {
  readonly residentBytes: () => number;
  /** Private writable address space, what `prlimit --data` bounds; 0 where it is not known. */
  readonly dataBytes: () => number;
}

export function openProcessMemory(): ProcessMemory {
  const file = openStatm();
  if (file === undefined) {
    return { residentBytes: () => process.memoryUsage.rss(), dataBytes: () => 0 };
  }
  const buffer = Buffer.alloc(256);
  /** statm: size resident shared text lib data dt, in pages. */
  const field = (index: number): number => {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return Number(buffer.toString('latin1', 0, length).split(' ')[index]) * PAGE_BYTES;
  };
  return { residentBytes: () => field(1), dataBytes: () => field(5) };
}

function openStatm(): number | undefined {
  try {
    return openSync('/proc/self/statm', 'r');
  } catch {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE =
  process.platform === 'win32'
    ? join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'services')
    : '/etc/services';

/** The port of a named TCP service, as getservbyname(3) finds it in the services file; `ssh` is always known. */
export function servicePort(name: string, file: string = FILE): number | undefined {
  if (name === 'ssh') return 22;
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [service, port, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const match = /^(\d{1,5})\/tcp$/.exec(port ?? '');
    if (match !== null && (service === name || aliases.includes(name))) return Number(match[1]);
  }
  return undefined;
}

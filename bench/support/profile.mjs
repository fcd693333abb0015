import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The functions that took most time in the `.cpuprofile` files of a folder that are not in `before`, as text. */
export function hotFunctions(dir, before, most = 30) {
  const self = new Map();
  let total = 0;
  const files = readdirSync(dir).filter((name) => name.endsWith('.cpuprofile') && !before.has(name));
  for (const file of files) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
    const names = new Map(nodes.map(({ id, callFrame }) => [id, frameName(callFrame)]));
    samples.forEach((id, i) => {
      const name = names.get(id);
      const delta = Math.max(0, timeDeltas[i]);
      total += delta;
      self.set(name, (self.get(name) ?? 0) + delta);
    });
  }
  const rows = [...self].sort((a, b) => b[1] - a[1]).slice(0, most);
  const lines = rows.map(([name, time]) => {
    const percent = ((100 * time) / total).toFixed(1).padStart(5);
    return `${percent} %  ${(time / 1000).toFixed(0).padStart(7)} ms  ${name}`;
  });
  return `${files.map((name) => join(dir, name)).join('\n')}\n${lines.join('\n')}\n`;
}

function frameName({ functionName, url, lineNumber }) {
  const name = functionName || '(anonymous)';
  if (url === '') return name;
  const place = url.replace(/^.*\/(node_modules|dist)\//, '$1/').replace(/^file:\/\//, '');
  return `${name}  ${place}:${lineNumber + 1}`;
}

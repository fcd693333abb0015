/** HCL of the native syntax, as much of it as a job of Nomad needs: blocks, and attributes that are literals or lists. */

export interface HclBlock {
  type: string;
  labels: string[];
  attributes: Record<string, unknown>;
  blocks: HclBlock[];
}

/** @throws Error: not HCL, or more of it than is known here */
export function parseHcl(text: string): HclBlock {
  const tokens = [
    ...text.matchAll(/#.*|("(?:\\.|[^"\\\n])*"|[A-Za-z_][\w-]*|\d+|[{}[\]=,]|\n)|[ \t]+|(.)/g),
  ].flatMap(([, token, bad]) => {
    if (bad !== undefined) throw new Error(`unexpected ${bad}`);
    return token ?? [];
  });
  let at = 0;
  const take = (expected?: RegExp): string => {
    const token = tokens[at++];
    if (token === undefined || expected?.test(token) === false)
      throw new Error(`unexpected ${token ?? 'end'}`);
    return token;
  };
  const skipLines = (): void => {
    while (tokens[at] === '\n') at++;
  };

  function value(): unknown {
    const token = take(/^(?:"|\d|true$|false$|\[$)/);
    if (token !== '[') return literal(token);
    const items: unknown[] = [];
    for (skipLines(); tokens[at] !== ']'; skipLines()) {
      items.push(value());
      skipLines();
      if (tokens[at] !== ']') take(/^,$/);
    }
    at++;
    return items;
  }

  function literal(token: string): unknown {
    // `${` would be filled in by Nomad.
    if (/[$%]\{/.test(token)) throw new Error(`a template: ${token}`);
    return JSON.parse(token);
  }

  function body(type: string, labels: string[], isRoot: boolean): HclBlock {
    const block: HclBlock = { type, labels, attributes: {}, blocks: [] };
    for (skipLines(); isRoot ? at < tokens.length : tokens[at] !== '}'; skipLines()) {
      const name = take(/^[A-Za-z_]/);
      if (tokens[at] === '=') {
        at++;
        if (name in block.attributes) throw new Error(`${name} twice`);
        block.attributes[name] = value();
      } else {
        const found: string[] = [];
        while (tokens[at]?.startsWith('"')) found.push(JSON.parse(take()));
        take(/^\{$/);
        block.blocks.push(body(name, found, false));
        take(/^\}$/);
      }
      // One to a line.
      if (at < tokens.length && tokens[at] !== '}') take(/^\n$/);
    }
    return block;
  }
  return body('', [], true);
}

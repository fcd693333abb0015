/** What `rsync --version` says of the program at the other side. */

export type Flavour = 'rsync' | 'openrsync' | 'rsyncjs';

export interface RsyncVersion {
  flavour: Flavour;
  /** "3.2.7"; of openrsync the version that it says it is compatible with. */
  version: string;
  protocol: number;
  /** Capabilities that it says it was built without: "ACLs", "xattrs", "iconv". */
  lacks: string[];
  /** Empty: it does not tell. */
  checksums: string[];
  compressors: string[];
}

/** Undefined: the text is of no rsync that is known. */
export function parseVersion(text: string): RsyncVersion | undefined {
  const named = /^(rsync|rsyncjs) +version v?([\w.+-]{1,40}) +protocol version (\d{1,3})/m.exec(text);
  if (named !== null) {
    const [, flavour, version = '', protocol] = named;
    return {
      flavour: flavour as Flavour,
      version,
      protocol: Number(protocol),
      lacks: lacking(text),
      checksums: listAfter(text, 'Checksum list'),
      compressors: listAfter(text, 'Compress list'),
    };
  }
  const open = /^openrsync: protocol version (\d{1,3})/m.exec(text);
  if (open === null) return undefined;
  const version = /^rsync version ([\w.]{1,40}) compatible/m.exec(text)?.[1] ?? '';
  return {
    flavour: 'openrsync',
    version,
    protocol: Number(open[1]),
    lacks: [],
    checksums: [],
    compressors: [],
  };
}

/** "no ACLs" in the paragraph of the capabilities. */
function lacking(text: string): string[] {
  const paragraph = /^Capabilities:\n((?: +.*\n?)*)/m.exec(text)?.[1] ?? '';
  return paragraph
    .split(/[,\n]/)
    .map((item) => /^no (.+)$/.exec(item.trim())?.[1])
    .filter((item) => item !== undefined);
}

function listAfter(text: string, title: string): string[] {
  const line = new RegExp(`^${title}:\\n +(.*)$`, 'm').exec(text)?.[1] ?? '';
  return line
    .replace(/\(.*?\)/g, '')
    .split(' ')
    .filter(Boolean);
}

/** What a server of that protocol and flavour can not do, for people. */
export function limitsOf(protocol: number, version: RsyncVersion | undefined): string[] {
  const limits: string[] = [];
  if (protocol < 30) {
    limits.push(
      'no ACLs and extended attributes with this version of the protocol',
      'the whole list is sent before the first file',
      'files are checked with MD4',
    );
  }
  if (protocol < 31) limits.push('times are whole seconds');
  if (version?.flavour === 'openrsync') limits.push('options newer than rsync 2.6.9 are refused');
  for (const lack of version?.lacks ?? [])
    if (/^(?:ACLs|xattrs|iconv|symlinks)$/.test(lack)) limits.push(`built without ${lack}`);
  return limits;
}

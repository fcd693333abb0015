import type { ByteString } from '../core/bytes.ts';
import type { Root } from '../files/root.ts';

const SLASH = 0x2f;

/** Where the names of some source arguments are: the directory that they are relative to, docs/protocol/2-file-list.md, 1.2. */
export class Origin {
  readonly root: Root;
  /** The directory below the root: '', or a name with a slash at its end. */
  readonly prefix: ByteString;
  /** Files may be reached through a symlink (`-L`, `--copy-unsafe-links`). */
  readonly followsFiles: boolean;

  /** `-R`, `--files-from`: the directory as it was given, '' or with a slash at its end; for `%f`. */
  readonly given: ByteString | undefined;

  constructor(root: Root, prefix: ByteString = '', followsFiles = false, given?: ByteString) {
    this.root = root;
    this.given = given;
    this.prefix = prefix;
    this.followsFiles = followsFiles;
  }

  /** The name below the root of a name of the list; `/` in front of it (`-R`, absolute source) is that directory. */
  at(name: ByteString): ByteString {
    const plain = name.charCodeAt(0) === SLASH ? name.slice(1) : name;
    if (this.prefix === '') return plain;
    return plain === '.' ? this.prefix.slice(0, -1) : this.prefix + plain;
  }

  /** The path for messages. */
  display(name: ByteString): ByteString {
    return this.root.display(this.at(name));
  }
}

/** One source argument, or one name of `--files-from`. */
export interface SourceArgument {
  /** Which origin its name is relative to. */
  origin: number;
  /** The name that is sent: `.` or `/.` for the content of the origin itself; with `-R` it may start with a slash. */
  name: ByteString;
  /** The content is asked for by name (`dir/`, `.`): `-d` lists one level of it, and a symlink is followed. */
  isContent: boolean;
  /** `-R` and a name that starts with `./`: the origin itself goes into the list. */
  hasDot: boolean;
}

export interface Sources {
  origins: readonly Origin[];
  args: readonly SourceArgument[];
}

/** The name stands for an origin itself. */
export function isDotDir(name: ByteString): boolean {
  return name === '.' || name === '/.';
}

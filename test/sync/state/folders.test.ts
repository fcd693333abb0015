import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../src/core/errors.ts';
import { configFolder, type FolderInputs, stateFolder } from '../../../src/sync/state/folders.ts';

function inputs(platform: NodeJS.Platform, env: FolderInputs['env'] = {}, home?: string): FolderInputs {
  return {
    platform,
    env,
    home: home ?? (platform === 'win32' ? 'C:\\Users\\me' : '/home/me'),
    isDirectory: () => false,
  };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isRsyncError(error)) return `${error.code} ${error.message} | ${error.hint}`;
  }
  return 'nothing';
}

describe('the state folder', () => {
  it('is where each platform has it', () => {
    expect(stateFolder(inputs('linux'))).toBe('/home/me/.local/state/rsyncjs');
    expect(stateFolder(inputs('freebsd'))).toBe('/home/me/.local/state/rsyncjs');
    expect(stateFolder(inputs('darwin'))).toBe('/home/me/Library/Application Support/rsyncjs/state');
    expect(stateFolder(inputs('win32'))).toBe('C:\\Users\\me\\AppData\\Local\\rsyncjs\\State');
    expect(stateFolder(inputs('win32', { LOCALAPPDATA: 'D:\\Local' }))).toBe('D:\\Local\\rsyncjs\\State');
    expect(stateFolder(inputs('linux', { XDG_STATE_HOME: '/x' }))).toBe('/x/rsyncjs');
    expect(stateFolder(inputs('darwin', { XDG_STATE_HOME: '/x' }))).toBe('/x/rsyncjs');
  });

  it('is what the environment says, if that is an absolute path', () => {
    const own = { RSYNCJS_STATE_HOME: '/own/state/', XDG_STATE_HOME: '/x' };
    expect(stateFolder(inputs('linux', own))).toBe('/own/state/');
    expect(stateFolder(inputs('win32', { RSYNCJS_STATE_HOME: 'E:\\s' }))).toBe('E:\\s');
    // The XDG specification has relative paths ignored, and empty ones are unset.
    expect(stateFolder(inputs('linux', { XDG_STATE_HOME: 'x', RSYNCJS_STATE_HOME: '' }))).toBe(
      '/home/me/.local/state/rsyncjs',
    );
    expect(codeOf(() => stateFolder(inputs('linux', { RSYNCJS_STATE_HOME: 'state' })))).toBe(
      'RSYNC_USAGE RSYNCJS_STATE_HOME is not an absolute path: state | Set RSYNCJS_STATE_HOME to an absolute path, or unset it.',
    );
  });

  it('is nowhere without a home', () => {
    const homeless = { ...inputs('linux'), home: undefined };
    expect(codeOf(() => stateFolder(homeless))).toContain('Set RSYNCJS_STATE_HOME');
    expect(codeOf(() => configFolder(homeless))).toContain('Set XDG_CONFIG_HOME');
    expect(stateFolder({ ...homeless, env: { RSYNCJS_STATE_HOME: '/s' } })).toBe('/s');
  });
});

describe('the config folder', () => {
  it('is where each platform has it', () => {
    expect(configFolder(inputs('linux'))).toBe('/home/me/.config/rsyncjs');
    expect(configFolder(inputs('linux', { XDG_CONFIG_HOME: '/x' }))).toBe('/x/rsyncjs');
    expect(configFolder(inputs('win32'))).toBe('C:\\Users\\me\\AppData\\Roaming\\rsyncjs');
    expect(configFolder(inputs('win32', { APPDATA: 'D:\\R' }))).toBe('D:\\R\\rsyncjs');
    expect(configFolder(inputs('darwin'))).toBe('/home/me/Library/Application Support/rsyncjs');
    const asked: string[] = [];
    const isDirectory = (path: string) => asked.push(path) > 0;
    expect(configFolder({ ...inputs('darwin'), isDirectory })).toBe('/home/me/.config/rsyncjs');
    expect(asked).toEqual(['/home/me/.config/rsyncjs']);
  });
});

/** A name that stands for no file: `none` of ssh_config, the null device. */
export function isNowhere(file: string): boolean {
  return file === 'none' || file === '/dev/null' || /^(?:\\\\\.\\)?nul$/i.test(file);
}

/** Every name that works, written down apart from the table so that a change of the table shows. */
export const SUPPORTED_NAMES: readonly string[] = `
  -a -r -l -p -t -g -o -D -H -S -c -u -n -i -v -W -x -h -q -z -P -f -I -e -V -B -s -4 -6
  --archive --recursive --links --perms --times --group --owner --devices --specials --hard-links --sparse --checksum
  --update --dry-run --itemize-changes --verbose --whole-file --one-file-system --human-readable --quiet --compress
  --no-recursive --no-r --no-links --no-l --no-perms --no-p --no-times --no-t --no-group --no-g --no-owner --no-o
  --no-devices --no-specials --no-D --no-hard-links --no-H --no-sparse --no-S --no-checksum --no-c
  --no-itemize-changes --no-i --no-verbose --no-v --no-whole-file --no-W --no-one-file-system --no-x
  --no-human-readable --no-h --no-compress --no-z
  --progress --no-progress --partial --no-partial --inplace --no-inplace --stats
  --delete --del --delete-before --delete-during --delete-after --delete-excluded --max-delete
  --exclude --include --exclude-from --include-from --filter -F --cvs-exclude -C
  --existing --ignore-non-existing --ignore-existing --size-only --ignore-times --numeric-ids --no-numeric-ids
  --timeout --no-timeout --bwlimit --no-bwlimit --rsync-path --rsh --protocol
  --checksum-choice --cc --compress-choice --zc --old-compress --new-compress --compress-level --zl
  --checksum-seed --block-size --inc-recursive --i-r --no-inc-recursive --no-i-r
  --secluded-args --protect-args --no-secluded-args --no-protect-args --no-s --old-args --no-old-args --ipv4 --ipv6
  --motd --no-motd --port --contimeout --no-contimeout --address --sockopts --password-file --early-input
  -d -R -0 --dirs --no-dirs --no-d --old-dirs --old-d --relative --no-relative --no-R --implied-dirs --i-d --no-implied-dirs
  --no-i-d --mkpath --no-mkpath --files-from --from0 --no-from0 --ignore-missing-args --delete-missing-args --trust-sender
  -L -k -K -m -O -J --copy-links --copy-unsafe-links --safe-links --copy-dirlinks --keep-dirlinks --prune-empty-dirs
  --no-prune-empty-dirs --no-m --min-size --max-size --omit-dir-times --no-omit-dir-times --no-O --omit-link-times
  --no-omit-link-times --no-J
  --rsh-spawn --ssh-debug --ssh-match-exec
  -b --backup --no-backup --backup-dir --suffix --delete-delay --ignore-errors --no-ignore-errors --force --no-force
  --compare-dest --copy-dest --link-dest -y --fuzzy --no-fuzzy --no-y --partial-dir --delay-updates --no-delay-updates
  -T --temp-dir --append --no-append --append-verify --fsync --munge-links --no-munge-links
  -@ --modify-window --remove-source-files --remove-sent-files
  --out-format --log-format --list-only --version --help
`
  .trim()
  .split(/\s+/);

# Reads files as a shell does with `set -a; . file`: the first argument is a file for complaints, the others are read.
# Prints NUL-terminated words: =begin, the environment, =end; =refused in the place of =end when the shell complained.
complaints=$1
shift
for file in "$@"; do
  printf '=begin\0'
  if (set -a && . "$file" && exec /usr/bin/env -0) 2>"$complaints" && ! [ -s "$complaints" ]; then
    printf '=end\0'
  else
    printf '=refused\0'
  fi
done

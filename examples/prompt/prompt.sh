# One line about the directory and its repository. Never fails: an error is a short text in the line.
warm_line() {
  solod call --fallback=inline --errors=line solod:status-line -- --no-color < /dev/null |
    sed 's#^.*/\([^/ ]*\)  #\1  #'
}

/** What `plumb completion SHELL` prints. All of them ask `plumb __complete`, which completion.ts answers. */

const bash = String.raw`# Completion of plumb for bash, to be read by: source <(plumb completion bash)
_plumb_complete() {
  local rest=${'$'}{COMP_LINE:0:COMP_POINT} cur=${'$'}{COMP_WORDS[COMP_CWORD]} trimmed word typed quote before line text i n=0
  local -a words
  # Bash takes words apart at = : and @; here they are put together again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${'$'}{rest#"${'$'}{rest%%[![:blank:]]*}"}
    word=${'$'}{trimmed:0:${'$'}{#COMP_WORDS[i]}}
    if ((n > 0)) && [[ $trimmed == "$rest" ]]; then
      words[n-1]+=$word
    else
      words[n++]=$word
    fi
    rest=${'$'}{trimmed:${'$'}{#word}}
  done
  typed=${'$'}{words[n-1]} quote=
  case $typed in
    [\"\']*) quote=${'$'}{typed:0:1} typed=${'$'}{typed:1} ;;
    *) typed=${'$'}{typed//\\/} cur=${'$'}{cur//\\/} ;;
  esac
  words[n-1]=$typed
  cur=${'$'}{cur#[\"\']}
  [[ $cur == [=:@] ]] && cur=
  before=${'$'}{typed%"$cur"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      '') ;;
      :files | :folders)
        compopt -o filenames 2>/dev/null
        while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "$cur")
        ;;
      :commands)
        while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -c -- "$cur")
        ;;
      *)
        text=${'$'}{line%%$'\t'*}
        word=${'$'}{text#"$before"}
        # A name may have anything in it that a shell obeys.
        case $quote in
          \') word=${'$'}{word//\'/\'\\\'\'} ;;
          \")
            word=${'$'}{word//\\/\\\\}
            word=${'$'}{word//\"/\\\"}
            word=${'$'}{word//\$/\\\$}
            word=${'$'}{word//$'\x60'/\\$'\x60'}
            ;;
          *) [[ -z $word ]] || printf -v word %q "$word" ;;
        esac
        COMPREPLY+=("$word")
        [[ $text == *[/=:@] ]] && compopt -o nospace 2>/dev/null
        ;;
    esac
  done <<< "$("${'$'}{words[0]/#\~/$HOME}" __complete "${'$'}{words[@]:1}" 2>/dev/null)"
}
complete -F _plumb_complete plumb
`;

const zsh = String.raw`#compdef plumb
# Completion of plumb for zsh, to be read by: source <(plumb completion zsh)
_plumb() {
  local line text brief
  local -a lines open closed
  lines=("${'$'}{(@f)$("${'$'}{(Q)words[1]}" __complete "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2>/dev/null)}")
  for line in "${'$'}{lines[@]}"; do
    case $line in
      '') ;;
      :files | :folders)
        compset -P '*=@' || compset -P '--*=' || compset -P '@'
        _files
        ;;
      :commands) _command_names -e ;;
      *)
        text=${'$'}{line%%$'\t'*}
        brief=
        [[ $line == *$'\t'* ]] && brief=":${'$'}{line#*$'\t'}"
        if [[ $text == *[/=:@] ]]; then
          open+=("${'$'}{text//:/\\:}$brief")
        else
          closed+=("${'$'}{text//:/\\:}$brief")
        fi
        ;;
    esac
  done
  (( ${'$'}{#open} )) && _describe -t plumb plumb open -S ''
  (( ${'$'}{#closed} )) && _describe -t plumb plumb closed
}
if [[ ${'$'}{funcstack[1]} == _plumb ]]; then
  _plumb "$@"
else
  (( ${'$'}{+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
  compdef _plumb plumb
fi
`;

const fish = String.raw`# Completion of plumb for fish, to be read by: plumb completion fish | source
function __plumb_complete
    set -l words (commandline -opc)
    set -l typed (string replace -r '^["\']' '' -- (commandline -ct))
    set -l program $words[1]
    set -e words[1]
    for line in ($program __complete $words "$typed" 2>/dev/null)
        switch $line
            case ':files' ':folders'
                set -l prefix (string match -r '^(?:--[^=]+=|[^=]*=@|@)' -- "$typed")
                for found in (__fish_complete_path (string replace -- "$prefix" '' "$typed"))
                    echo "$prefix$found"
                end
            case ':commands'
                complete -C "$typed"
            case '*'
                echo $line
        end
    end
end
complete -c plumb -f -a '(__plumb_complete)'
`;

export const completionScripts = { bash, zsh, fish } as const;

# zsh -f offered.zsh SCRIPT LINE: what zsh itself lists for the line with this completion, one a
# line, without what is told about each. A zsh at a terminal of ours is typed to.
zmodload zsh/zpty
zpty typed 'TERM=dumb zsh -f -i'
zpty -w typed "stty cols 400; autoload -Uz compinit; compinit -D -u; . ${(q)1}
bindkey -e; bindkey '^T' list-choices; PROMPT='AT%{%}EASE>'"
zpty -r typed before '*ATEASE>*'
zpty -n -w typed "$2"$'\x14\x15'"print 'EN''DED'"$'\n'  # lists, clears the line, ends
zpty -r typed listed '*ENDED*'
zpty -d typed
lines=("${(@f)${listed//$'\r'/}}")
for line in "${(@)lines[2,-1]}"; do  # the first one is what was typed
  [[ $line == *ATEASE* ]] && break
  [[ $line == ENDED* ]] && break
  print -l -- ${=${line%% -- *}}
done

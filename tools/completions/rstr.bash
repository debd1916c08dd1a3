# SPDX-License-Identifier: GPL-2.0
# bash completion for rstr(1)

_rstr()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local long='--detach --input= --pidfile= --new-pidns --accept-changed-files
		--accept-other-files --truncate-files --relocate= --check --stats= --verbose --quiet --no-progress --help --version'

	COMPREPLY=()
	# "--input=FILE" is three words here: readline breaks at "=".
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $prev in
	-i|--input|-p|--pidfile|--stats|'<')
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$long" -- "$cur")
	case ${COMPREPLY[*]} in
	*=) compopt -o nospace 2>/dev/null ;;
	esac
}

complete -F _rstr rstr

# SPDX-License-Identifier: GPL-2.0
# bash completion for ckpt(1)

_ckpt()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local long='--kill --stop --output= --dry-run --note= --shared-ok --no-stdio --timeout=
		--stall= --stats= --verbose --quiet --no-progress --help --version' pids

	COMPREPLY=()
	# "--output=FILE" is three words here: readline breaks at "=".
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $prev in
	-o|--output|--stats)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--timeout | --stall)
		return
		;;
	esac
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$long" -- "$cur")
		case ${COMPREPLY[*]} in
		*=) compopt -o nospace 2>/dev/null ;;
		esac
		;;
	*)
		# Kernel threads have no executable and cannot be checkpointed.
		pids=$(cd /proc && for p in [0-9]*; do [ ! -e "$p/exe" ] || echo "$p"; done)
		mapfile -t COMPREPLY < <(compgen -W "$pids" -- "$cur")
		;;
	esac
}

complete -F _ckpt ckpt

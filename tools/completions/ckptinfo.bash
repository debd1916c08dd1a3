# SPDX-License-Identifier: GPL-2.0
# bash completion for ckptinfo(1)

_ckptinfo()
{
	local cur=${COMP_WORDS[COMP_CWORD]}

	COMPREPLY=()
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W '--json --verify --help --version' -- "$cur")
		;;
	*)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	esac
}

complete -F _ckptinfo ckptinfo

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware for qemu-system-x86_64 that knows how to count: 64 KiB, all of it in real mode. Prints
 * lines of numbers to the serial port, with its timer interrupting it, and ends by a triple fault.
 */
	.code16
	.globl start
start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7000, %sp
	/* Interrupt 8 does nothing but take what the timer brings. */
	movw	$tick, 0x20
	movw	$0xf000, 0x22
	/* The interrupt controller: base 8, 8086 mode, the timer alone. */
	movb	$0x11, %al
	outb	%al, $0x20
	movb	$0x08, %al
	outb	%al, $0x21
	movb	$0x04, %al
	outb	%al, $0x21
	movb	$0x01, %al
	outb	%al, $0x21
	movb	$0xfe, %al
	outb	%al, $0x21
	/* 1000 Hz */
	movb	$0x34, %al
	outb	%al, $0x43
	movb	$0xa9, %al
	outb	%al, $0x40
	movb	$0x04, %al
	outb	%al, $0x40
	sti

	movl	$1, %ebx
	xorl	%esi, %esi
line:
	movl	$20000, %ecx
1:
	movl	%ebx, %eax
	shll	$13, %eax
	xorl	%eax, %ebx
	movl	%ebx, %eax
	shrl	$17, %eax
	xorl	%eax, %ebx
	movl	%ebx, %eax
	shll	$5, %eax
	xorl	%eax, %ebx
	loopl	1b

	movl	%esi, %edx
	call	hex
	movb	$' ', %al
	call	put
	movl	%ebx, %edx
	call	hex
	movb	$'\n', %al
	call	put
	/* Each sixteenth line waits for a tick, as one that idles would. */
	testl	$15, %esi
	jnz	2f
	hlt
2:
	incl	%esi
	/* The number of lines, patched in by who makes the image; see programs.py. */
	.byte	0x66, 0x81, 0xfe	/* cmpl $LINES, %esi */
	.globl lines
lines:
	.long	0x4c494e45
	jb	line

	/* The end: an interrupt without a table. */
	cli
	lidtl	%cs:nothing - start
	int3
	jmp	.

hex:
	movw	$8, %cx
3:
	roll	$4, %edx
	movb	%dl, %al
	andb	$15, %al
	addb	$'0', %al
	cmpb	$'9', %al
	jbe	4f
	addb	$39, %al
4:
	call	put
	loop	3b
	ret

put:
	pushw	%dx
	pushw	%ax
	movw	$0x3fd, %dx
5:
	inb	%dx, %al
	testb	$0x20, %al
	jz	5b
	popw	%ax
	movw	$0x3f8, %dx
	outb	%al, %dx
	popw	%dx
	ret

tick:
	pushw	%ax
	movb	$0x20, %al
	outb	%al, $0x20
	popw	%ax
	iret

nothing:
	.word	0
	.long	0

	.org	0xfff0
	ljmp	$0xf000, $0
	.org	0x10000

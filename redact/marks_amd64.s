#include "textflag.h"

// Marks 16 bytes at off(SI): those that are equal to X8 or X9, or less than X10 as
// signed numbers, which control characters and all that is not ASCII are. The result
// is in the low bits of reg.
#define MARK16(off, x, y, z, reg) \
	MOVOU    off(SI), x; \
	MOVOA    x, y;       \
	MOVOA    X10, z;     \
	PCMPGTB  x, z;       \
	PCMPEQB  X8, x;      \
	PCMPEQB  X9, y;      \
	POR      x, y;       \
	POR      y, z;       \
	PMOVMSKB z, reg

// func markSSE2(marks *uint64, b *byte, blocks int)
TEXT ·markSSE2(SB), NOSPLIT, $0-24
	MOVQ marks+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ blocks+16(FP), CX

	MOVQ       $0x2222222222222222, AX // quote
	MOVQ       AX, X8
	PUNPCKLQDQ X8, X8
	MOVQ       $0x5C5C5C5C5C5C5C5C, AX // backslash
	MOVQ       AX, X9
	PUNPCKLQDQ X9, X9
	MOVQ       $0x2020202020202020, AX // space
	MOVQ       AX, X10
	PUNPCKLQDQ X10, X10

loop:
	MARK16(0, X0, X1, X2, AX)
	MARK16(16, X3, X4, X5, BX)
	MARK16(32, X0, X1, X2, DX)
	MARK16(48, X3, X4, X5, R8)
	SHLQ $16, BX
	SHLQ $32, DX
	SHLQ $48, R8
	ORQ  BX, AX
	ORQ  R8, DX
	ORQ  DX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop
	RET

// Marks 32 bytes at off(SI) as MARK16 does.
#define MARK32(off, x, y, z, reg) \
	VMOVDQU   off(SI), x;  \
	VPCMPGTB  x, Y10, z;   \
	VPCMPEQB  Y8, x, y;    \
	VPCMPEQB  Y9, x, x;    \
	VPOR      x, y, y;     \
	VPOR      y, z, z;     \
	VPMOVMSKB z, reg

// func markAVX2(marks *uint64, b *byte, blocks int)
TEXT ·markAVX2(SB), NOSPLIT, $0-24
	MOVQ marks+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ blocks+16(FP), CX

	MOVQ         $0x2222222222222222, AX // quote
	MOVQ         AX, X8
	VPBROADCASTQ X8, Y8
	MOVQ         $0x5C5C5C5C5C5C5C5C, AX // backslash
	MOVQ         AX, X9
	VPBROADCASTQ X9, Y9
	MOVQ         $0x2020202020202020, AX // space
	MOVQ         AX, X10
	VPBROADCASTQ X10, Y10

loop:
	MARK32(0, Y0, Y1, Y2, AX)
	MARK32(32, Y3, Y4, Y5, BX)
	SHLQ $32, BX
	ORQ  BX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

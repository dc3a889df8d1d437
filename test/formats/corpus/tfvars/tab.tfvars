a	=	"x	y"

// Written by scripts/fold-table.ts from Unicode 17.0; do not edit.

/** Lower case of characters above U+007F, one character to one: runs of `first step count distance` in base 36. */
export const foldRuns: string =
  '5c 1 n w,60 1 7 w,74 2 o 1,8g 1 1 -5j,8i 2 3 1,8p 2 8 1,96 2 n 1,ag 1 1 -3d,ah 2 3 1,ap 1 1 5u,aq 2 2 1,au 1 1' +
  ' 5q,av 1 1 1,ax 1 2 5p,az 1 1 1,b2 1 1 27,b3 1 1 5m,b4 1 1 5n,b5 1 1 1,b7 1 1 5p,b8 1 1 5r,ba 1 1 5v,bb 1 1 5t' +
  ',bc 1 1 1,bg 1 1 5v,bh 1 1 5x,bj 1 1 5y,bk 2 3 1,bq 1 1 62,br 1 1 1,bt 1 1 62,bw 1 1 1,by 1 1 62,bz 1 1 1,c1 1' +
  ' 2 61,c3 2 2 1,c7 1 1 63,c8 1 1 1,cc 1 1 1,ck 1 1 2,cl 1 1 1,cn 1 1 2,co 1 1 1,cq 1 1 2,cr 2 9 1,da 2 9 1,dt 1' +
  ' 1 2,du 2 2 1,dy 1 1 -2p,dz 1 1 -1k,e0 2 k 1,f4 1 1 -3m,f6 2 9 1,fu 1 1 8bv,fv 1 1 1,fx 1 1 -4j,fy 1 1 8bs,g1 ' +
  '1 1 1,g3 1 1 -5f,g4 1 1 1x,g5 1 1 1z,g6 2 5 1,og 2 2 1,om 1 1 1,ov 1 1 38,p2 1 1 12,p4 1 3 11,p8 1 1 1s,pa 1 2' +
  ' 1r,pd 1 h w,pv 1 9 w,r3 1 1 8,rc 2 c 1,s4 1 1 -1o,s7 1 1 1,s9 1 1 -7,sa 1 1 1,sd 1 3 -3m,sg 1 g 28,sw 1 w w,v' +
  '4 2 h 1,wa 2 r 1,xs 1 1 f,xt 2 7 1,y8 2 1c 1,10x 1 12 1c,3a8 1 12 5ls,3bb 1 1 5ls,3bh 1 1 5ls,3vk 1 28 tzk,3xs' +
  ' 1 6 8,5mx 1 1 1,5n4 1 17 -2bk,5od 1 3 -2bk,5xc 2 23 1,61q 1 1 -5vj,61s 2 1c 1,64o 1 8 -8,654 1 6 -8,65k 1 8 -' +
  '8,660 1 8 -8,66g 1 6 -8,66x 2 4 -8,67c 1 8 -8,688 1 8 -8,68o 1 8 -8,694 1 8 -8,69k 1 2 -8,69m 1 2 -22,69o 1 1 ' +
  '-9,6a0 1 4 -2e,6a4 1 1 -9,6ag 1 2 -8,6ai 1 2 -2s,6aw 1 2 -8,6ay 1 2 -34,6b0 1 1 -7,6bc 1 2 -3k,6be 1 2 -3i,6bg' +
  ' 1 1 -9,6jq 1 1 -5st,6ju 1 1 -6gv,6jv 1 1 -6di,6k2 1 1 s,6lc 1 g g,6mb 1 1 1,792 1 q q,8ow 1 1c 1c,8rk 1 1 1,8' +
  'rm 1 1 -8af,8rn 1 1 -2xy,8ro 1 1 -89z,8rr 2 3 1,8rx 1 1 -8bg,8ry 1 1 -8al,8rz 1 1 -8bj,8s0 1 1 -8bi,8s2 1 1 1,' +
  '8s5 1 1 1,8se 1 2 -8cf,8sg 2 1e 1,8vf 2 2 1,8vm 1 1 1,wu8 2 n 1,ww0 2 e 1,x0i 2 7 1,x0y 2 v 1,x2x 2 2 1,x31 1 ' +
  '1 -r9g,x32 2 5 1,x3f 1 1 1,x3h 1 1 -wmg,x3k 2 2 1,x3q 2 a 1,x4a 1 1 -wn8,x4b 1 1 -wnj,x4c 1 1 -wnf,x4d 1 1 -wn' +
  '5,x4e 1 1 -wn8,x4g 1 1 -wlu,x4h 1 1 -wmi,x4i 1 1 -wlx,x4j 1 1 ps,x4k 2 8 1,x50 1 1 -1c,x51 1 1 -wn7,x52 1 1 -r' +
  'aw,x53 2 2 1,x57 1 1 -wo7,x58 2 8 1,x5o 1 1 -wu9,x6d 1 1 1,1ee9 1 q w,1fcw 1 14 14,1fhs 1 10 14,1fn4 1 b 13,1f' +
  'ng 1 f 13,1fnw 1 7 13,1fo4 1 2 13,1h1c 1 1f 1s,1h74 1 m w,1jfk 1 w w,20cg 1 w w,20f4 1 p r,2olc 1 y y'

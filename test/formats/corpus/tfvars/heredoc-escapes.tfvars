a = <<EOT
\n "q" $${b} %%{c}
EOT

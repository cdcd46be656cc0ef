const {writeFileSync} = require('fs');
writeFileSync(execEnv.buildDir + '/package.json', JSON.stringify({name: 'crate', version: '3.2.1'}));
